"""Analysis of the control network: gammas and betas, the path between two instruments, the U-Net alone."""
