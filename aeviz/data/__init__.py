"""Where examples come from: one file a source, listed in `SOURCES`."""

from aeviz.data.bars import Bars
from aeviz.data.dataset import Dataset, Progress, Source, Split
from aeviz.data.digits import Digits
from aeviz.data.emoji import TaggedEmoji
from aeviz.data.glyphs import Glyphs
from aeviz.data.idx import FashionMnist, KMnist, Mnist
from aeviz.data.images import Images
from aeviz.data.photos import Photos
from aeviz.data.shapes import Shapes
from aeviz.data.tagged import TaggedShapes
from aeviz.data.topics import Topics
from aeviz.data.toys import Toys

SOURCES: tuple[type[Source], ...] = (
    Digits,
    Shapes,
    Glyphs,
    Mnist,
    FashionMnist,
    KMnist,
    Photos,
    Toys,
    Bars,
    Topics,
    TaggedShapes,
    TaggedEmoji,
    Images,
)

__all__ = [
    "SOURCES",
    "Bars",
    "Dataset",
    "Digits",
    "FashionMnist",
    "Glyphs",
    "Images",
    "KMnist",
    "Mnist",
    "Photos",
    "Progress",
    "Shapes",
    "Source",
    "Split",
    "TaggedEmoji",
    "TaggedShapes",
    "Topics",
    "Toys",
]
