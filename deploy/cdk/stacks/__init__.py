"""The stacks of Muster, as AWS CDK constructs. Rendered by `make synth`; never imported when Muster runs."""
