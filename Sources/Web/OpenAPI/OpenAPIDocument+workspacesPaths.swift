extension OpenAPIDocument {
    /// Workspaces, their people and capacity, and agreements.
    static let workspacesPaths = #"""
          /api/workspaces/{id}/capacity:
            parameters:
              - $ref: '#/components/parameters/Id'
              - $ref: '#/components/parameters/RequestId'
            get:
              tags: [workspaces]
              operationId: getCapacity
              summary: How much of a workspace's capacity is used now.
              description: Scope `workspaces:read`.
              responses:
                '200':
                  description: Its caps as they stand, and whether it is open.
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [timeZone, isOpen, opensAt, caps]
                        properties:
                          timeZone: {type: string}
                          isOpen: {type: boolean}
                          opensAt: {type: [string, 'null'], description: By its own clock.}
                          caps:
                            type: array
                            items:
                              type: object
                              required: [per, limit, used, endsAt]
                              properties:
                                per: {type: string, enum: [hour, day, week, month, total]}
                                limit: {type: integer}
                                used: {type: integer}
                                endsAt: {$ref: '#/components/schemas/NullableTime'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/workspaces/{id}/assignees:
            parameters:
              - $ref: '#/components/parameters/Id'
              - $ref: '#/components/parameters/RequestId'
            get:
              tags: [workspaces]
              operationId: listAssignees
              summary: The people of a workspace, by name.
              description: Scope `workspaces:read`.
              responses:
                '200':
                  description: To whom its leads are given in turns.
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [assignees]
                        properties:
                          assignees:
                            type: array
                            items: {$ref: '#/components/schemas/Assignee'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
            post:
              tags: [workspaces]
              operationId: createAssignee
              summary: Add a person to a workspace.
              description: Scope `workspaces:write`.
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/NewAssignee'}
              responses:
                '201':
                  description: The person, who starts level with the others.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Assignee'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '409': {$ref: '#/components/responses/Conflict'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/workspaces/{id}/assignees/{assigneeId}:
            parameters:
              - $ref: '#/components/parameters/Id'
              - {name: assigneeId, in: path, required: true, schema: {$ref: '#/components/schemas/Id'}}
              - $ref: '#/components/parameters/RequestId'
            patch:
              tags: [workspaces]
              operationId: changeAssignee
              summary: Change a person; turns and what was counted stay.
              description: Scope `workspaces:write`.
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/AssigneeChange'}
              responses:
                '200':
                  description: The person.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Assignee'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
            delete:
              tags: [workspaces]
              operationId: deleteAssignee
              summary: Remove a person; leads keep the id.
              description: Scope `workspaces:write`.
              responses:
                '204': {description: Removed.}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/workspaces:
            get:
              tags: [workspaces]
              operationId: listWorkspaces
              summary: Workspaces by name.
              description: Scope `workspaces:read`.
              parameters:
                - $ref: '#/components/parameters/RequestId'
              responses:
                '200':
                  description: The workspaces that the key may see.
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [workspaces]
                        properties:
                          workspaces:
                            type: array
                            items: {$ref: '#/components/schemas/Workspace'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
            post:
              tags: [workspaces]
              operationId: createWorkspace
              summary: Create a workspace.
              description: Scope `workspaces:write`, and an administrator's key.
              parameters:
                - $ref: '#/components/parameters/RequestId'
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/NewWorkspace'}
              responses:
                '201':
                  description: The workspace.
                  headers:
                    Location:
                      description: The path of the workspace.
                      schema: {type: string}
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Workspace'}
                '400': {$ref: '#/components/responses/Malformed'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '409': {$ref: '#/components/responses/Conflict'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/workspaces/{id}:
            parameters:
              - $ref: '#/components/parameters/Id'
              - $ref: '#/components/parameters/RequestId'
            get:
              tags: [workspaces]
              operationId: getWorkspace
              summary: One workspace.
              description: Scope `workspaces:read`.
              responses:
                '200':
                  description: The workspace.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Workspace'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
            patch:
              tags: [workspaces]
              operationId: changeWorkspace
              summary: Change a workspace.
              description: Scope `workspaces:write`, and an administrator's key. Fields that are left out stay as they are.
              requestBody:
                required: true
                content:
                  application/json:
                    schema: {$ref: '#/components/schemas/WorkspaceChange'}
              responses:
                '200':
                  description: The workspace as it is now.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Workspace'}
                '400': {$ref: '#/components/responses/Malformed'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '409': {$ref: '#/components/responses/Conflict'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
            delete:
              tags: [workspaces]
              operationId: deleteWorkspace
              summary: Delete a workspace.
              description: Scope `workspaces:write`, and an administrator's key. Its leads and its log stay.
              responses:
                '204': {description: It is gone.}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '409': {$ref: '#/components/responses/Conflict'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/agreements:
            get:
              tags: [agreements]
              operationId: listAgreements
              summary: Who has agreed to receive leads from whom.
              description: Scope `rules:read`. The key of a workspace sees the agreements that it is part of.
              parameters:
                - $ref: '#/components/parameters/RequestId'
              responses:
                '200':
                  description: The agreements.
                  content:
                    application/json:
                      schema:
                        type: object
                        required: [agreements]
                        properties:
                          agreements:
                            type: array
                            items: {$ref: '#/components/schemas/Agreement'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
            post:
              tags: [agreements]
              operationId: grantAgreement
              summary: Agree to receive leads from a workspace.
              description: |
                Scope `rules:write`. Only the receiving workspace can agree, or an administrator. Agreeing again changes nothing
                and is answered 200.
              parameters:
                - $ref: '#/components/parameters/RequestId'
              requestBody:
                required: true
                content:
                  application/json:
                    schema:
                      type: object
                      required: [sendingWorkspaceId]
                      additionalProperties: false
                      properties:
                        receivingWorkspaceId:
                          description: The workspace of the key if left out; required for an administrator.
                          $ref: '#/components/schemas/Id'
                        sendingWorkspaceId: {$ref: '#/components/schemas/Id'}
              responses:
                '200':
                  description: The agreement was there already.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Agreement'}
                '201':
                  description: The agreement.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Agreement'}
                '400': {$ref: '#/components/responses/Malformed'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '415': {$ref: '#/components/responses/UnsupportedMediaType'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
          /api/agreements/{receivingWorkspaceId}/{sendingWorkspaceId}:
            parameters:
              - {name: receivingWorkspaceId, in: path, required: true, schema: {$ref: '#/components/schemas/Id'}}
              - {name: sendingWorkspaceId, in: path, required: true, schema: {$ref: '#/components/schemas/Id'}}
              - $ref: '#/components/parameters/RequestId'
            get:
              tags: [agreements]
              operationId: getAgreement
              summary: One agreement.
              description: Scope `rules:read`.
              responses:
                '200':
                  description: The agreement.
                  content:
                    application/json:
                      schema: {$ref: '#/components/schemas/Agreement'}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
            delete:
              tags: [agreements]
              operationId: revokeAgreement
              summary: End an agreement.
              description: Scope `rules:write`. Rules that rely on it are passed over from now on.
              responses:
                '204': {description: It is gone.}
                '401': {$ref: '#/components/responses/Unauthenticated'}
                '403': {$ref: '#/components/responses/Forbidden'}
                '404': {$ref: '#/components/responses/NotFound'}
                '422': {$ref: '#/components/responses/Invalid'}
                default: {$ref: '#/components/responses/Problem'}
        """#
}
