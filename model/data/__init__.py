"""From clips and music to what training reads."""
