"""The networks: U-Net, FiLM and control networks, and the description stored with their weights."""
