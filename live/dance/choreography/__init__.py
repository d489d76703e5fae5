"""Who dances what on which beat: the score, the song's memory, dancers together, formations."""
