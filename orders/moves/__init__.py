"""An order goes over to another batch, when its buyer says so."""
