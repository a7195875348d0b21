"""Takes matchmaking requests and submits FlexMatch tickets."""
