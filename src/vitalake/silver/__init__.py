"""Silver is one function: parse, fold, summarise."""
