"""Methods that let a network of the user's do the work; none is part of this program."""
