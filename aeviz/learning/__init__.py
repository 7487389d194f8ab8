"""How a model learns: loss terms, optimizers, learners, and the training generator."""

from aeviz.learning.optimizers import OPTIMIZERS, SGD, Adam, AdamW, Optimizer
from aeviz.learning.procedures import PROCEDURES, Classifier, EndToEnd, Greedy, Procedure
from aeviz.learning.terms import (
    TERMS,
    CodeL2,
    Contractive,
    ContractiveHigherOrder,
    SparseKl,
    SparseL1,
    Term,
    TopK,
    WeightDecay,
)

__all__ = [
    "OPTIMIZERS",
    "PROCEDURES",
    "SGD",
    "TERMS",
    "Adam",
    "AdamW",
    "Classifier",
    "CodeL2",
    "Contractive",
    "ContractiveHigherOrder",
    "EndToEnd",
    "Greedy",
    "Optimizer",
    "Procedure",
    "SparseKl",
    "SparseL1",
    "Term",
    "TopK",
    "WeightDecay",
]
