"""What the DAG vitals_medallion is made of."""
