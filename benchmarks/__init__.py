"""The measurements behind every claim about speed; README.md explains them."""
