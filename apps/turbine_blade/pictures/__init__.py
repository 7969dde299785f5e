"""Pictures of a recording, and of a farm by days."""
