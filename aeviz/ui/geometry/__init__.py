"""The sections of the Geometry page. Each has a title, two or three sentences of teaching, and `show`."""
