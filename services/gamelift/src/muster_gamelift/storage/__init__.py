"""What is remembered beyond the life of the process: every row of every world, and the notices not yet published."""
