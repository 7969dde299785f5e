"""The parts of the turbine simulator; its public face is :mod:`acoustic_apps.turbine_blade.simulate`."""
