"""Drawing: arrays in, figures and the browser's map out."""
