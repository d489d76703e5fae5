"""The field's table: systems trained for the same time on the same data and judged by one judge."""
