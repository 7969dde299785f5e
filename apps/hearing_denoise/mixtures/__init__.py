"""Speech in noise to train on and to judge by: sentences, noises, rooms and channels, mixed from a seed."""
