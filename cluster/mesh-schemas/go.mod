module mesh-schemas

go 1.25.0

require istio.io/api v1.31.1
