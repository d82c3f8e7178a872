"""A simulated hospital: monitors, rounds and alarms as messages of the wire contract, with the truth."""

from vitalake.sources.simulator.settings import SimulationSettings
from vitalake.sources.simulator.simulation import Chunk, Simulation, simulate, write_simulation
from vitalake.sources.simulator.truth import PatientTruth, Truth

__all__ = [
    "Chunk",
    "PatientTruth",
    "Simulation",
    "SimulationSettings",
    "Truth",
    "simulate",
    "write_simulation",
]
