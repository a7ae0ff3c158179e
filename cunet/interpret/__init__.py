"""What the control network learned: gammas and betas, the path between two instruments, the U-Net alone."""
