import Foundation

struct Drink: Identifiable, Hashable {
    let id: String
    let name: String
    let cents: Int
}

@MainActor
final class Cart: ObservableObject {
    @Published private(set) var drinks: [Drink] = []

    var cents: Int {
        drinks.reduce(0) { $0 + $1.cents }
    }

    func add(_ drink: Drink) {
        drinks.append(drink)
    }
}
