"""The adapter to Kafka that sources and publishing share: addresses, connections, topics, errors."""
