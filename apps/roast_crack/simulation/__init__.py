"""The parts of the roast simulator; its public face is :mod:`acoustic_apps.roast_crack.simulate`."""
