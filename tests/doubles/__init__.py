"""The remote services of docs/remote.md as small real HTTP servers on loopback, each with a log and faults on demand.

serving (runs an app, answers with faults), keycloak (a token endpoint by authlib), users, businesses, messaging;
remote runs all four and names them in the environment.
"""
