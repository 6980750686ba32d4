import SwiftUI

@main
struct QuinnsApp: App {
    @StateObject private var cart = Cart()

    var body: some Scene {
        WindowGroup {
            CafeList()
                .environmentObject(cart)
        }
    }
}
