//! An emulated Microsoft cloud and Sekoia endpoint on loopback: fleets, manners, faults.
