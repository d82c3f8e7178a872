"""A Java runtime and the Maven jars that Spark and the development broker need, found or fetched."""
