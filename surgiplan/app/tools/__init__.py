"""Mouse tools: they turn pointing into edits."""
