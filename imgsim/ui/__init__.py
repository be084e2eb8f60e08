"""The dashboard: navigation, state, jobs, the map, and the routes beside Streamlit."""
