"""The scale-out engine: PySpark and Delta, the same tables as the embedded one."""
