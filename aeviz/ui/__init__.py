"""The one subpackage that imports streamlit: forms, components, routes, and what every page shares."""
