"""Events out: alerts exactly once, the rest at least once, as CloudEvents on Kafka."""
