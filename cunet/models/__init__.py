"""The networks: U-Net, FiLM, control; the registry builds an architecture from its name."""
