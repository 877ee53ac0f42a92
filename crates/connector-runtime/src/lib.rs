//! The stocktake program: configuration, cycle engine, scheduler, commands.
