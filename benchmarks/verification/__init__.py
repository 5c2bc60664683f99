"""The solver beside exact, published and measured answers; draws ``docs/verification.md``."""
