"""Metrics for Prometheus: what is counted as events come, what is read at the scrape, and the text formats."""
