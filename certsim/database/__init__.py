"""The CA's database: rows, and the shelves that keep them."""
