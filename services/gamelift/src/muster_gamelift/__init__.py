"""A local Amazon GameLift with FlexMatch that speaks the AWS protocol."""
