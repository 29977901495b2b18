"""Two ways from an Azure Communication Services application to the phone network, as values you can question."""
