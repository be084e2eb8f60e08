"""Scripts for those who work on imgsim."""
