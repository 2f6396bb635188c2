"""The IPVS table behind the port `model.table.Table`: the kernel's, and one in memory."""
