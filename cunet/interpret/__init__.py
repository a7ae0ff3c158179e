"""What the control network learned: gammas and betas, the path between conditions, and the U-Net left alone."""
