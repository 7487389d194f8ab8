"""From models to what a person sees: probes, metrics, projections, figures."""
