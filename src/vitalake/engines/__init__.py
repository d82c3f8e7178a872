"""The two engines that run the same function and the same SQL."""
