"""What `python kit.py open` sets in JupyterLab. No other server reads this file: kit.py gives it by name."""

from pathlib import Path
from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class PromptConnection(ZMQChannelsWebsocketConnection):
    """The connection between a page and its kernel, which sends each message at once.

    Otherwise the system keeps a small message back until the page has acknowledged the one before it, which costs about
    40 ms for each answer of a panel on Linux (Nagle's algorithm against delayed acknowledgements, RFC 1122, 4.2.3).
    """

    def connect(self) -> Any:
        """Begin, without waiting for acknowledgements."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()


HERE = Path(__file__).resolve().parent
c = get_config()  # noqa: F821  # Jupyter puts this name there
c.ServerApp.root_dir = str(HERE.parent)
c.LabApp.default_url = "/lab/tree/notebooks/00_start_here.ipynb"
c.ServerApp.ip = "127.0.0.1"  # this computer only
c.ServerApp.allow_root = True  # containers run as root; with a token and on this computer only that is no door
c.ServerApp.kernel_websocket_connection_class = PromptConnection
c.KernelManager.transport_encryption = "auto"  # else every kernel warns that it is not encrypted
c.Application.log_level = "WARN"
# What File > Print shows.
c.TemplateExporter.extra_template_basedirs = [str(HERE)]
c.HTMLExporter.template_name = "paper"
