"""Validates objects against the OpenAPI schemas of Kubernetes: a JSON object with versions and objects in, one line for each finding out."""

import json
import sys

import kubernetes_validate

given = json.load(sys.stdin)
for version in given['versions']:
    for index, item in enumerate(given['objects']):
        try:
            kubernetes_validate.validate(item, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            print(json.dumps({'version': version, 'index': index, 'problem': '%s: %s' % ('.'.join(str(part) for part in error.path), error.message)}))
        except kubernetes_validate.SchemaNotFoundError:
            print(json.dumps({'version': version, 'index': index, 'problem': 'no schema'}))
