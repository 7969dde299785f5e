"""The parts of the roast simulator; its public face is :mod:`apps.roast_crack.simulate`."""
