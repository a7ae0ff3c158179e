"""The networks: U-Net, FiLM and control networks, and the description that travels with their weights."""
