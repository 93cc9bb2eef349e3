import Testing

@testable import LeadRouting

/// The table of roles.
struct RoleTests {
    @Test func rolesOfAWorkspaceContainEachOther() {
        #expect(Role.viewer.scopes.isStrictSubset(of: Role.member.scopes))
        #expect(Role.member.scopes.isStrictSubset(of: Role.admin.scopes))
        #expect(Role.admin.scopes.isStrictSubset(of: Role.owner.scopes))
        #expect(Role.partner.scopes.isStrictSubset(of: Role.member.scopes))
    }

    @Test func onlyThePlatformAdministratorHasAll() {
        for role in Role.allCases {
            #expect(role.scopes.contains(.admin) == (role == .platformAdministrator))
            #expect(!role.scopes.isEmpty)
        }
        #expect(Role.platformAdministrator.scopes == Set(Scope.allCases))
    }

    @Test func keysHaveTheScopesOfTheTable() {
        #expect(Scope.defaults(isAdministrator: true) == Scope.allCases)
        #expect(
            Scope.defaults(isAdministrator: false)
                == [.leadsWrite, .leadsRead, .rulesWrite, .rulesRead, .workspacesRead, .routingWrite]
        )
        #expect(Role.scopesOfKey.isStrictSubset(of: Role.owner.scopes))
    }

    @Test func rolesOfThePlatformNeedThePlatform() {
        for role in Role.allCases {
            #expect(Role(role.rawValue, inWorkspaceOfType: "platform") == role)
            #expect(Role(role.rawValue, inWorkspaceOfType: "partner") == (role.isOfPlatform ? nil : role))
        }
        #expect(Role("superuser", inWorkspaceOfType: "platform") == nil)
    }
}
