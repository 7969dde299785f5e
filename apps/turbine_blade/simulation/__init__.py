"""The parts of the turbine simulator; its public face is :mod:`apps.turbine_blade.simulate`."""
