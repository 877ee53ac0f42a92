//! Delivered sets, checkpoints, dead letters and cycle reports, in SQLite or in memory.
